-- Modify "students" table
ALTER TABLE `students` ADD COLUMN `returned_at` datetime(6) NULL, ADD COLUMN `moved_at` datetime(6) NULL;

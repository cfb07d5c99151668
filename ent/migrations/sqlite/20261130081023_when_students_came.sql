-- Add column "returned_at" to table: "students"
ALTER TABLE `students` ADD COLUMN `returned_at` datetime NULL;
-- Add column "moved_at" to table: "students"
ALTER TABLE `students` ADD COLUMN `moved_at` datetime NULL;

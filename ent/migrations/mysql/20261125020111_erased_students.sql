-- Modify "organizations" table
ALTER TABLE `organizations` ADD COLUMN `erased_students` bigint NOT NULL DEFAULT 0;

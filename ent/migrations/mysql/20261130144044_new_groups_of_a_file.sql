-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `create_missing_groups` bool NOT NULL DEFAULT 0, ADD COLUMN `new_groups` json NULL;

-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `slow` tinyint NOT NULL DEFAULT 0;

-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `header_print` varchar(64) NOT NULL DEFAULT '', ADD COLUMN `choices` json NULL;

-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `content_print` varchar(64) NOT NULL DEFAULT '';

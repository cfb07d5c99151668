-- Add columns "header_print" and "choices" to table: "bulk_jobs"
ALTER TABLE `bulk_jobs` ADD COLUMN `header_print` text NOT NULL DEFAULT ('');
ALTER TABLE `bulk_jobs` ADD COLUMN `choices` json NULL;

-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `corrected_by` json NULL, ADD COLUMN `corrected_while_held` tinyint NOT NULL DEFAULT 0;

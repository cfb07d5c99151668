-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `held_for` varchar(16) NULL, ADD COLUMN `held_at` datetime(6) NULL, ADD COLUMN `undo_from` varchar(32) NOT NULL DEFAULT '', ADD COLUMN `undo_approved_by` bigint NULL;
-- Modify "bulk_job_rows" table
ALTER TABLE `bulk_job_rows` ADD COLUMN `loses` tinyint NOT NULL DEFAULT -1, ADD COLUMN `undo_loses` tinyint NOT NULL DEFAULT -1;
-- Modify "organizations" table
ALTER TABLE `organizations` ADD COLUMN `pending_settings` json NULL;

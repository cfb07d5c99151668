-- Add column "loses" to table: "bulk_job_rows"
ALTER TABLE `bulk_job_rows` ADD COLUMN `loses` integer NOT NULL DEFAULT (-1);
-- Add column "undo_loses" to table: "bulk_job_rows"
ALTER TABLE `bulk_job_rows` ADD COLUMN `undo_loses` integer NOT NULL DEFAULT (-1);
-- Add column "pending_settings" to table: "organizations"
ALTER TABLE `organizations` ADD COLUMN `pending_settings` json NULL;
-- Add column "held_for" to table: "bulk_jobs"
ALTER TABLE `bulk_jobs` ADD COLUMN `held_for` text NULL;
-- Add column "held_at" to table: "bulk_jobs"
ALTER TABLE `bulk_jobs` ADD COLUMN `held_at` datetime NULL;
-- Add column "undo_from" to table: "bulk_jobs"
ALTER TABLE `bulk_jobs` ADD COLUMN `undo_from` text NOT NULL DEFAULT ('');
-- Add column "undo_approved_by" to table: "bulk_jobs"
ALTER TABLE `bulk_jobs` ADD COLUMN `undo_approved_by` integer NULL;

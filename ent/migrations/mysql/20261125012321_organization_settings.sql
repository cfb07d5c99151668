-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `forgotten` tinyint NOT NULL DEFAULT 0;
-- Modify "organizations" table
ALTER TABLE `organizations` ADD COLUMN `password_required` tinyint NULL, ADD COLUMN `retention_days` bigint NULL, ADD COLUMN `retention_changed_at` datetime(6) NULL, ADD COLUMN `job_days` bigint NULL;

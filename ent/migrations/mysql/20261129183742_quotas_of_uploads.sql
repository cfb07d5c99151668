-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `abandoned` bigint NOT NULL DEFAULT 0, ADD COLUMN `file_bytes` bigint NOT NULL DEFAULT 0, ADD INDEX `bulkjob_district_id_created_at` (`district_id`, `created_at`);

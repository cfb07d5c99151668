-- Modify "bulk_jobs" table
ALTER TABLE `bulk_jobs` ADD COLUMN `missing` varchar(16) NOT NULL DEFAULT 'IGNORE', ADD COLUMN `leavers` varchar(16) NOT NULL DEFAULT 'IGNORE', ADD COLUMN `missing_rows` bigint NOT NULL DEFAULT 0, ADD COLUMN `seen_to` bigint NOT NULL DEFAULT 0;
-- Create "bulk_job_seens" table
CREATE TABLE `bulk_job_seens` (`id` bigint NOT NULL AUTO_INCREMENT, `created_at` datetime(6) NOT NULL, `thousand` bigint NOT NULL, `marks` varchar(1000) NOT NULL, `job_id` bigint NOT NULL, PRIMARY KEY (`id`), INDEX `bulkjobseen_job_id_thousand` (`job_id`, `thousand`), CONSTRAINT `bulk_job_seens_bulk_jobs_seen` FOREIGN KEY (`job_id`) REFERENCES `bulk_jobs` (`id`) ON UPDATE RESTRICT ON DELETE RESTRICT) CHARSET utf8mb4 COLLATE utf8mb4_bin;

-- Add column "abandoned" to table: "bulk_jobs"
ALTER TABLE `bulk_jobs` ADD COLUMN `abandoned` integer NOT NULL DEFAULT (0);
-- Add column "file_bytes" to table: "bulk_jobs"
ALTER TABLE `bulk_jobs` ADD COLUMN `file_bytes` integer NOT NULL DEFAULT (0);
-- Create index "bulkjob_district_id_created_at" to table: "bulk_jobs"
CREATE INDEX `bulkjob_district_id_created_at` ON `bulk_jobs` (`district_id`, `created_at`);

-- Modify "bulk_job_refused_rows" table
ALTER TABLE `bulk_job_refused_rows` ADD COLUMN `n` bigint NOT NULL DEFAULT 0, ADD COLUMN `password` blob NULL, ADD COLUMN `extra` bigint NOT NULL DEFAULT 0, ADD COLUMN `had_password` tinyint NOT NULL DEFAULT 0, ADD COLUMN `refused` tinyint NOT NULL DEFAULT 1;

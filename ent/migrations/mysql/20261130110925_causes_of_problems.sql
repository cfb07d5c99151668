-- Modify "bulk_job_problems" table
ALTER TABLE `bulk_job_problems` ADD COLUMN `cause` varchar(32) NOT NULL DEFAULT '', ADD INDEX `bulkjobproblem_job_id_severity_code_column_cause_row_outside` (`job_id`, `severity`, `code`, `column`, `cause`, `row`, `outside`);

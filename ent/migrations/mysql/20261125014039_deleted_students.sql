-- Modify "bulk_job_rows" table
ALTER TABLE `bulk_job_rows` ADD INDEX `bulkjobrow_target_id` (`target_id`);
-- Modify "usage_events" table
ALTER TABLE `usage_events` ADD COLUMN `student_id` bigint NULL, ADD INDEX `usageevent_student_id` (`student_id`);
-- Create "leases" table
CREATE TABLE `leases` (`id` bigint NOT NULL AUTO_INCREMENT, `created_at` datetime(6) NOT NULL, `name` varchar(64) NOT NULL, `owner` varchar(64) NOT NULL DEFAULT '', `until` datetime(6) NOT NULL, `fence` bigint NOT NULL DEFAULT 0, `done_at` datetime(6) NOT NULL, PRIMARY KEY (`id`), UNIQUE INDEX `lease_name` (`name`)) CHARSET utf8mb4 COLLATE utf8mb4_bin;
-- Create "former_enrollments" table
CREATE TABLE `former_enrollments` (`id` bigint NOT NULL AUTO_INCREMENT, `created_at` datetime(6) NOT NULL, `group_id` bigint NOT NULL, `student_id` bigint NOT NULL, PRIMARY KEY (`id`), UNIQUE INDEX `formerenrollment_student_id_group_id` (`student_id`, `group_id`), CONSTRAINT `former_enrollments_students_student` FOREIGN KEY (`student_id`) REFERENCES `students` (`id`) ON UPDATE RESTRICT ON DELETE RESTRICT) CHARSET utf8mb4 COLLATE utf8mb4_bin;
-- Create "usage_totals" table
CREATE TABLE `usage_totals` (`id` bigint NOT NULL AUTO_INCREMENT, `created_at` datetime(6) NOT NULL, `district_id` bigint NOT NULL, `week_ending` int NOT NULL, `seconds` bigint NOT NULL, `organization_id` bigint NOT NULL, `product_id` bigint NOT NULL, PRIMARY KEY (`id`), INDEX `usagetotal_district_id_week_ending` (`district_id`, `week_ending`), UNIQUE INDEX `usagetotal_organization_id_week_ending_product_id` (`organization_id`, `week_ending`, `product_id`), INDEX `usage_totals_products_product` (`product_id`), CONSTRAINT `usage_totals_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON UPDATE RESTRICT ON DELETE RESTRICT, CONSTRAINT `usage_totals_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON UPDATE RESTRICT ON DELETE RESTRICT) CHARSET utf8mb4 COLLATE utf8mb4_bin;

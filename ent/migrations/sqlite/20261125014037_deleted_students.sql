-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create index "bulkjobrow_target_id" to table: "bulk_job_rows"
CREATE INDEX `bulkjobrow_target_id` ON `bulk_job_rows` (`target_id`);
-- Create "new_usage_events" table
CREATE TABLE `new_usage_events` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `event_id` text NOT NULL, `student_id` integer NULL);
-- Copy rows from old table "usage_events" to new temporary table "new_usage_events"
INSERT INTO `new_usage_events` (`id`, `created_at`, `district_id`, `event_id`) SELECT `id`, `created_at`, `district_id`, `event_id` FROM `usage_events`;
-- Drop "usage_events" table after copying rows
DROP TABLE `usage_events`;
-- Rename temporary table "new_usage_events" to "usage_events"
ALTER TABLE `new_usage_events` RENAME TO `usage_events`;
-- Create index "usageevent_district_id_event_id" to table: "usage_events"
CREATE UNIQUE INDEX `usageevent_district_id_event_id` ON `usage_events` (`district_id`, `event_id`);
-- Create index "usageevent_student_id" to table: "usage_events"
CREATE INDEX `usageevent_student_id` ON `usage_events` (`student_id`);
-- Create "former_enrollments" table
CREATE TABLE `former_enrollments` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `group_id` integer NOT NULL, `student_id` integer NOT NULL, CONSTRAINT `former_enrollments_students_student` FOREIGN KEY (`student_id`) REFERENCES `students` (`id`) ON DELETE RESTRICT);
-- Create index "formerenrollment_student_id_group_id" to table: "former_enrollments"
CREATE UNIQUE INDEX `formerenrollment_student_id_group_id` ON `former_enrollments` (`student_id`, `group_id`);
-- Create "leases" table
CREATE TABLE `leases` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `name` text NOT NULL, `owner` text NOT NULL DEFAULT (''), `until` datetime NOT NULL, `fence` integer NOT NULL DEFAULT (0), `done_at` datetime NOT NULL);
-- Create index "lease_name" to table: "leases"
CREATE UNIQUE INDEX `lease_name` ON `leases` (`name`);
-- Create "usage_totals" table
CREATE TABLE `usage_totals` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `week_ending` integer NOT NULL, `seconds` integer NOT NULL, `organization_id` integer NOT NULL, `product_id` integer NOT NULL, CONSTRAINT `usage_totals_organizations_organization` FOREIGN KEY (`organization_id`) REFERENCES `organizations` (`id`) ON DELETE RESTRICT, CONSTRAINT `usage_totals_products_product` FOREIGN KEY (`product_id`) REFERENCES `products` (`id`) ON DELETE RESTRICT);
-- Create index "usagetotal_organization_id_week_ending_product_id" to table: "usage_totals"
CREATE UNIQUE INDEX `usagetotal_organization_id_week_ending_product_id` ON `usage_totals` (`organization_id`, `week_ending`, `product_id`);
-- Create index "usagetotal_district_id_week_ending" to table: "usage_totals"
CREATE INDEX `usagetotal_district_id_week_ending` ON `usage_totals` (`district_id`, `week_ending`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

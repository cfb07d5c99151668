-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Create "new_organizations" table
CREATE TABLE `new_organizations` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `type` text NOT NULL, `district_id` integer NULL, `name` text NOT NULL, `name_key` text NOT NULL, `external_id` text NULL, `school_year_starts_on` integer NULL, `school_year_ends_on` integer NULL, `usage_goal_minutes` integer NULL, `time_zone` text NULL, `password_min_length` integer NULL, `password_required` integer NULL, `hold_deleted_percent` integer NULL, `hold_changed_percent` integer NULL, `retention_days` integer NULL, `retention_changed_at` datetime NULL, `job_days` integer NULL, `erased_students` integer NOT NULL DEFAULT (0), `usage_counted_from` integer NOT NULL DEFAULT (0), `parent_id` integer NULL, CONSTRAINT `organizations_organizations_children` FOREIGN KEY (`parent_id`) REFERENCES `organizations` (`id`) ON DELETE RESTRICT);
-- Copy rows from old table "organizations" to new temporary table "new_organizations"
INSERT INTO `new_organizations` (`id`, `created_at`, `type`, `district_id`, `name`, `name_key`, `external_id`, `school_year_starts_on`, `school_year_ends_on`, `usage_goal_minutes`, `time_zone`, `password_min_length`, `password_required`, `hold_deleted_percent`, `hold_changed_percent`, `retention_days`, `retention_changed_at`, `job_days`, `usage_counted_from`, `parent_id`) SELECT `id`, `created_at`, `type`, `district_id`, `name`, `name_key`, `external_id`, `school_year_starts_on`, `school_year_ends_on`, `usage_goal_minutes`, `time_zone`, `password_min_length`, `password_required`, `hold_deleted_percent`, `hold_changed_percent`, `retention_days`, `retention_changed_at`, `job_days`, `usage_counted_from`, `parent_id` FROM `organizations`;
-- Drop "organizations" table after copying rows
DROP TABLE `organizations`;
-- Rename temporary table "new_organizations" to "organizations"
ALTER TABLE `new_organizations` RENAME TO `organizations`;
-- Create index "organization_district_id_external_id" to table: "organizations"
CREATE UNIQUE INDEX `organization_district_id_external_id` ON `organizations` (`district_id`, `external_id`);
-- Create index "organization_district_id_name_key" to table: "organizations"
CREATE INDEX `organization_district_id_name_key` ON `organizations` (`district_id`, `name_key`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

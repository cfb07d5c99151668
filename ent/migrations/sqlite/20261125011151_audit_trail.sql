-- Create "audit_details" table
CREATE TABLE `audit_details` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `seq` integer NOT NULL, `position` integer NOT NULL, `subject_type` text NOT NULL, `subject_id` integer NOT NULL, `salt` text NULL, `body` text NULL, `digest` text NOT NULL);
-- Create index "auditdetail_district_id_seq_position" to table: "audit_details"
CREATE UNIQUE INDEX `auditdetail_district_id_seq_position` ON `audit_details` (`district_id`, `seq`, `position`);
-- Create index "auditdetail_subject_type_subject_id_district_id_seq" to table: "audit_details"
CREATE INDEX `auditdetail_subject_type_subject_id_district_id_seq` ON `audit_details` (`subject_type`, `subject_id`, `district_id`, `seq`);
-- Create "audit_events" table
CREATE TABLE `audit_events` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `seq` integer NOT NULL, `action` text NOT NULL, `code` text NOT NULL DEFAULT (''), `actor_kind` text NOT NULL, `actor_id` integer NOT NULL DEFAULT (0), `actor_label` text NOT NULL DEFAULT (''), `roles` text NOT NULL DEFAULT (''), `address` text NOT NULL DEFAULT (''), `request_id` text NOT NULL DEFAULT (''), `operation` text NOT NULL DEFAULT (''), `organization_id` integer NOT NULL DEFAULT (0), `target_type` text NOT NULL DEFAULT (''), `target_id` integer NOT NULL DEFAULT (0), `job_id` integer NOT NULL DEFAULT (0), `facts` text NOT NULL DEFAULT (''), `details_digest` text NOT NULL DEFAULT (''), `prev_hash` text NOT NULL, `hash` text NOT NULL);
-- Create index "auditevent_district_id_seq" to table: "audit_events"
CREATE UNIQUE INDEX `auditevent_district_id_seq` ON `audit_events` (`district_id`, `seq`);
-- Create index "auditevent_district_id_created_at" to table: "audit_events"
CREATE INDEX `auditevent_district_id_created_at` ON `audit_events` (`district_id`, `created_at`);
-- Create index "auditevent_organization_id_created_at" to table: "audit_events"
CREATE INDEX `auditevent_organization_id_created_at` ON `audit_events` (`organization_id`, `created_at`);
-- Create index "auditevent_district_id_action_created_at" to table: "audit_events"
CREATE INDEX `auditevent_district_id_action_created_at` ON `audit_events` (`district_id`, `action`, `created_at`);
-- Create index "auditevent_actor_id_actor_kind_created_at" to table: "audit_events"
CREATE INDEX `auditevent_actor_id_actor_kind_created_at` ON `audit_events` (`actor_id`, `actor_kind`, `created_at`);
-- Create index "auditevent_job_id_created_at" to table: "audit_events"
CREATE INDEX `auditevent_job_id_created_at` ON `audit_events` (`job_id`, `created_at`);
-- Create "audit_heads" table
CREATE TABLE `audit_heads` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `seq` integer NOT NULL, `hash` text NOT NULL);
-- Create index "audithead_district_id" to table: "audit_heads"
CREATE UNIQUE INDEX `audithead_district_id` ON `audit_heads` (`district_id`);

-- Create "account_hands" table
CREATE TABLE `account_hands` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `educator_id` integer NOT NULL, `hand_id` integer NOT NULL, `last_at` datetime NOT NULL);
-- Create index "accounthand_educator_id_hand_id" to table: "account_hands"
CREATE UNIQUE INDEX `accounthand_educator_id_hand_id` ON `account_hands` (`educator_id`, `hand_id`);
-- Create "losses" table
CREATE TABLE `losses` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `organization_id` integer NOT NULL, `actor_id` integer NOT NULL, `job_id` integer NOT NULL DEFAULT (0), `undo` integer NOT NULL DEFAULT (0), `thing` text NOT NULL, `verb` text NOT NULL, `subject_id` integer NOT NULL DEFAULT (0), `number` integer NOT NULL);
-- Create index "loss_organization_id_created_at" to table: "losses"
CREATE INDEX `loss_organization_id_created_at` ON `losses` (`organization_id`, `created_at`);
-- Create index "loss_district_id_created_at" to table: "losses"
CREATE INDEX `loss_district_id_created_at` ON `losses` (`district_id`, `created_at`);
-- Create index "loss_job_id" to table: "losses"
CREATE INDEX `loss_job_id` ON `losses` (`job_id`);
-- Create index "loss_subject_id" to table: "losses"
CREATE INDEX `loss_subject_id` ON `losses` (`subject_id`);
-- Create index "loss_created_at" to table: "losses"
CREATE INDEX `loss_created_at` ON `losses` (`created_at`);
-- Create "loss_heads" table
CREATE TABLE `loss_heads` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `version` integer NOT NULL DEFAULT (0));
-- Create index "losshead_district_id" to table: "loss_heads"
CREATE UNIQUE INDEX `losshead_district_id` ON `loss_heads` (`district_id`);

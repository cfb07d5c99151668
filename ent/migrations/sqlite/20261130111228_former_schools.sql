-- Add column "gone_at" to table: "students"
ALTER TABLE `students` ADD COLUMN `gone_at` datetime NULL;
-- Add column "left_at" to table: "losses"
ALTER TABLE `losses` ADD COLUMN `left_at` datetime NULL;
-- Create "former_schools" table
CREATE TABLE `former_schools` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `student_id` integer NOT NULL, `organization_id` integer NOT NULL, `came_at` datetime NULL);
-- Create index "formerschool_student_id_organization_id" to table: "former_schools"
CREATE UNIQUE INDEX `formerschool_student_id_organization_id` ON `former_schools` (`student_id`, `organization_id`);
-- Create index "formerschool_organization_id_created_at" to table: "former_schools"
CREATE INDEX `formerschool_organization_id_created_at` ON `former_schools` (`organization_id`, `created_at`);
-- Create index "formerschool_created_at" to table: "former_schools"
CREATE INDEX `formerschool_created_at` ON `former_schools` (`created_at`);

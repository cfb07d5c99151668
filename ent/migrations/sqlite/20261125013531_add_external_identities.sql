-- Create "external_identities" table
CREATE TABLE `external_identities` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `issuer` text NOT NULL, `subject` text NOT NULL, `last_used_at` datetime NOT NULL, `educator_id` integer NOT NULL, CONSTRAINT `external_identities_educators_educator` FOREIGN KEY (`educator_id`) REFERENCES `educators` (`id`) ON DELETE RESTRICT);
-- Create index "externalidentity_issuer_subject" to table: "external_identities"
CREATE UNIQUE INDEX `externalidentity_issuer_subject` ON `external_identities` (`issuer`, `subject`);
-- Create index "externalidentity_educator_id_issuer" to table: "external_identities"
CREATE UNIQUE INDEX `externalidentity_educator_id_issuer` ON `external_identities` (`educator_id`, `issuer`);

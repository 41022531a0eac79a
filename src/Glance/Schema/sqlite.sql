CREATE TABLE "cached_images" (
    "image_id" TEXT NOT NULL CONSTRAINT "PK_cached_images" PRIMARY KEY,
    "queued_at" TEXT NOT NULL,
    "cached_at" TEXT NULL,
    "accessed_at" TEXT NULL,
    "size" INTEGER NOT NULL,
    "hits" INTEGER NOT NULL
);


CREATE TABLE "changes" (
    "revision" INTEGER NOT NULL CONSTRAINT "PK_changes" PRIMARY KEY AUTOINCREMENT,
    "at" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "resource_type" TEXT NOT NULL,
    "resource_id" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "user_id" TEXT NULL,
    "request_id" TEXT NOT NULL,
    "remote_address" TEXT NULL
);


CREATE TABLE "facts" (
    "name" TEXT NOT NULL CONSTRAINT "PK_facts" PRIMARY KEY,
    "value" TEXT NOT NULL
);


CREATE TABLE "image_locations" (
    "id" TEXT NOT NULL CONSTRAINT "PK_image_locations" PRIMARY KEY,
    "image_id" TEXT NOT NULL,
    "store" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "metadata" TEXT NULL,
    "position" INTEGER NOT NULL
);


CREATE TABLE "image_members" (
    "image_id" TEXT NOT NULL,
    "member_id" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    CONSTRAINT "PK_image_members" PRIMARY KEY ("image_id", "member_id")
);


CREATE TABLE "image_properties" (
    "image_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    CONSTRAINT "PK_image_properties" PRIMARY KEY ("image_id", "name")
);


CREATE TABLE "image_tags" (
    "image_id" TEXT NOT NULL,
    "tag" TEXT NOT NULL,
    CONSTRAINT "PK_image_tags" PRIMARY KEY ("image_id", "tag")
);


CREATE TABLE "image_tasks" (
    "id" TEXT NOT NULL CONSTRAINT "PK_image_tasks" PRIMARY KEY,
    "type" TEXT NOT NULL,
    "image_id" TEXT NULL,
    "status" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "owner" TEXT NULL,
    "user_id" TEXT NULL,
    "request_id" TEXT NOT NULL,
    "input" TEXT NOT NULL,
    "result" TEXT NULL,
    "expires_at" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL
);


CREATE TABLE "images" (
    "id" TEXT NOT NULL CONSTRAINT "PK_images" PRIMARY KEY,
    "name" TEXT NULL,
    "status" TEXT NOT NULL,
    "visibility" TEXT NOT NULL,
    "owner" TEXT NULL,
    "disk_format" TEXT NULL,
    "container_format" TEXT NULL,
    "min_disk" INTEGER NOT NULL,
    "min_ram" INTEGER NOT NULL,
    "size" INTEGER NULL,
    "virtual_size" INTEGER NULL,
    "checksum" TEXT NULL,
    "os_hash_algo" TEXT NULL,
    "os_hash_value" TEXT NULL,
    "protected" INTEGER NOT NULL,
    "os_hidden" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "upload_id" TEXT NULL,
    "upload_seen_at" TEXT NULL,
    "import_task_id" TEXT NULL,
    "importing_to" TEXT NULL,
    "failed_import" TEXT NULL
);


CREATE TABLE "metadef_associations" (
    "namespace_id" TEXT NOT NULL,
    "resource_type" TEXT NOT NULL,
    "prefix" TEXT NULL,
    "properties_target" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    CONSTRAINT "PK_metadef_associations" PRIMARY KEY ("namespace_id", "resource_type")
);


CREATE TABLE "metadef_namespaces" (
    "id" TEXT NOT NULL CONSTRAINT "PK_metadef_namespaces" PRIMARY KEY,
    "namespace" TEXT NOT NULL,
    "display_name" TEXT NULL,
    "description" TEXT NULL,
    "visibility" TEXT NOT NULL,
    "protected" INTEGER NOT NULL,
    "owner" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL
);


CREATE TABLE "metadef_objects" (
    "id" TEXT NOT NULL CONSTRAINT "PK_metadef_objects" PRIMARY KEY,
    "namespace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NULL,
    "required" TEXT NULL,
    "properties" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL
);


CREATE TABLE "metadef_properties" (
    "id" TEXT NOT NULL CONSTRAINT "PK_metadef_properties" PRIMARY KEY,
    "namespace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "schema" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL
);


CREATE TABLE "metadef_resource_types" (
    "name" TEXT NOT NULL CONSTRAINT "PK_metadef_resource_types" PRIMARY KEY,
    "protected" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL
);


CREATE TABLE "metadef_tags" (
    "id" TEXT NOT NULL CONSTRAINT "PK_metadef_tags" PRIMARY KEY,
    "namespace_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL
);


CREATE TABLE "saga_steps" (
    "saga_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "state" INTEGER NOT NULL,
    "output" TEXT NULL,
    "error" TEXT NULL,
    "started_at" TEXT NOT NULL,
    "finished_at" TEXT NOT NULL,
    CONSTRAINT "PK_saga_steps" PRIMARY KEY ("saga_id", "position")
);


CREATE TABLE "sagas" (
    "id" TEXT NOT NULL CONSTRAINT "PK_sagas" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "resource" TEXT NOT NULL,
    "active_resource" TEXT NULL,
    "state" INTEGER NOT NULL,
    "parameters" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "user_id" TEXT NULL,
    "error" TEXT NULL,
    "abort_requested" INTEGER NOT NULL,
    "owner" TEXT NULL,
    "lease_until" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL
);


INSERT INTO "metadef_resource_types" ("name", "created_at", "protected", "updated_at")
VALUES ('OS::Cinder::Volume', '1970-01-01 00:00:00', 1, '1970-01-01 00:00:00');
SELECT changes();

INSERT INTO "metadef_resource_types" ("name", "created_at", "protected", "updated_at")
VALUES ('OS::Glance::Image', '1970-01-01 00:00:00', 1, '1970-01-01 00:00:00');
SELECT changes();

INSERT INTO "metadef_resource_types" ("name", "created_at", "protected", "updated_at")
VALUES ('OS::Nova::Aggregate', '1970-01-01 00:00:00', 1, '1970-01-01 00:00:00');
SELECT changes();

INSERT INTO "metadef_resource_types" ("name", "created_at", "protected", "updated_at")
VALUES ('OS::Nova::Flavor', '1970-01-01 00:00:00', 1, '1970-01-01 00:00:00');
SELECT changes();

INSERT INTO "metadef_resource_types" ("name", "created_at", "protected", "updated_at")
VALUES ('OS::Nova::Server', '1970-01-01 00:00:00', 1, '1970-01-01 00:00:00');
SELECT changes();

INSERT INTO "metadef_resource_types" ("name", "created_at", "protected", "updated_at")
VALUES ('OS::Trove::Instance', '1970-01-01 00:00:00', 1, '1970-01-01 00:00:00');
SELECT changes();



CREATE INDEX "cached_images_by_access" ON "cached_images" ("accessed_at");


CREATE INDEX "changes_by_resource" ON "changes" ("resource_id");


CREATE INDEX "changes_by_time" ON "changes" ("at");


CREATE INDEX "image_locations_by_image" ON "image_locations" ("image_id", "position");


CREATE INDEX "image_members_by_project" ON "image_members" ("member_id", "status");


CREATE INDEX "image_properties_by_value" ON "image_properties" ("name", "value");


CREATE INDEX "image_tags_by_tag" ON "image_tags" ("tag");


CREATE INDEX "image_tasks_by_creation" ON "image_tasks" ("created_at", "id");


CREATE INDEX "image_tasks_by_expiry" ON "image_tasks" ("expires_at");


CREATE INDEX "image_tasks_by_image" ON "image_tasks" ("image_id", "created_at");


CREATE INDEX "image_tasks_by_owner" ON "image_tasks" ("owner", "created_at", "id");


CREATE INDEX "images_by_creation" ON "images" ("created_at", "id");


CREATE INDEX "images_by_name" ON "images" ("name", "id");


CREATE INDEX "images_by_owner" ON "images" ("owner", "created_at", "id");


CREATE INDEX "images_by_owner_status" ON "images" ("owner", "status");


CREATE INDEX "images_by_update" ON "images" ("updated_at", "id");


CREATE INDEX "images_by_upload" ON "images" ("upload_id") WHERE upload_id IS NOT NULL;


CREATE INDEX "images_by_visibility" ON "images" ("visibility", "created_at", "id");


CREATE INDEX "metadef_associations_by_type" ON "metadef_associations" ("resource_type");


CREATE INDEX "metadef_namespaces_by_creation" ON "metadef_namespaces" ("created_at", "id");


CREATE UNIQUE INDEX "metadef_namespaces_by_name" ON "metadef_namespaces" ("namespace");


CREATE UNIQUE INDEX "metadef_objects_by_name" ON "metadef_objects" ("namespace_id", "name");


CREATE UNIQUE INDEX "metadef_properties_by_name" ON "metadef_properties" ("namespace_id", "name");


CREATE UNIQUE INDEX "metadef_tags_by_name" ON "metadef_tags" ("namespace_id", "name");


CREATE INDEX "sagas_by_resource" ON "sagas" ("resource", "state");


CREATE INDEX "sagas_by_state" ON "sagas" ("state", "lease_until");


CREATE UNIQUE INDEX "sagas_one_per_resource" ON "sagas" ("active_resource");



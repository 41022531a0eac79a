CREATE TABLE "allocations" (
    "consumer_id" TEXT NOT NULL,
    "provider_id" TEXT NOT NULL,
    "resource_class" TEXT NOT NULL,
    "used" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL,
    CONSTRAINT "PK_allocations" PRIMARY KEY ("consumer_id", "provider_id", "resource_class")
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


CREATE TABLE "consumers" (
    "id" TEXT NOT NULL CONSTRAINT "PK_consumers" PRIMARY KEY,
    "project_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "consumer_type" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "created_at" TEXT NOT NULL
);


CREATE TABLE "custom_resource_classes" (
    "name" TEXT NOT NULL CONSTRAINT "PK_custom_resource_classes" PRIMARY KEY,
    "created_at" TEXT NOT NULL
);


CREATE TABLE "custom_traits" (
    "name" TEXT NOT NULL CONSTRAINT "PK_custom_traits" PRIMARY KEY,
    "created_at" TEXT NOT NULL
);


CREATE TABLE "inventories" (
    "provider_id" TEXT NOT NULL,
    "resource_class" TEXT NOT NULL,
    "total" INTEGER NOT NULL,
    "reserved" INTEGER NOT NULL,
    "min_unit" INTEGER NOT NULL,
    "max_unit" INTEGER NOT NULL,
    "step_size" INTEGER NOT NULL,
    "allocation_ratio" REAL NOT NULL,
    "used" INTEGER NOT NULL,
    "updated_at" TEXT NOT NULL,
    CONSTRAINT "PK_inventories" PRIMARY KEY ("provider_id", "resource_class")
);


CREATE TABLE "provider_aggregates" (
    "provider_id" TEXT NOT NULL,
    "aggregate_id" TEXT NOT NULL,
    CONSTRAINT "PK_provider_aggregates" PRIMARY KEY ("provider_id", "aggregate_id")
);


CREATE TABLE "provider_traits" (
    "provider_id" TEXT NOT NULL,
    "trait" TEXT NOT NULL,
    CONSTRAINT "PK_provider_traits" PRIMARY KEY ("provider_id", "trait")
);


CREATE TABLE "resource_providers" (
    "id" TEXT NOT NULL CONSTRAINT "PK_resource_providers" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "revision" INTEGER NOT NULL,
    "parent_id" TEXT NULL,
    "root_id" TEXT NOT NULL,
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


CREATE INDEX "allocations_by_provider" ON "allocations" ("provider_id");


CREATE INDEX "changes_by_resource" ON "changes" ("resource_id");


CREATE INDEX "changes_by_time" ON "changes" ("at");


CREATE INDEX "consumers_by_project" ON "consumers" ("project_id", "user_id");


CREATE INDEX "inventories_by_class" ON "inventories" ("resource_class");


CREATE INDEX "provider_aggregates_by_aggregate" ON "provider_aggregates" ("aggregate_id");


CREATE INDEX "provider_traits_by_trait" ON "provider_traits" ("trait");


CREATE UNIQUE INDEX "resource_providers_by_name" ON "resource_providers" ("name");


CREATE INDEX "resource_providers_by_parent" ON "resource_providers" ("parent_id");


CREATE INDEX "resource_providers_by_root" ON "resource_providers" ("root_id");


CREATE INDEX "sagas_by_resource" ON "sagas" ("resource", "state");


CREATE INDEX "sagas_by_state" ON "sagas" ("state", "lease_until");


CREATE UNIQUE INDEX "sagas_one_per_resource" ON "sagas" ("active_resource");



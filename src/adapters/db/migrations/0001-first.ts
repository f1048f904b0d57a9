import type { Migration } from "./migration.ts";

/** The tables of core/shared/database-schema.ts. */
export const first: Migration = {
  number: 1,
  name: "first tables",
  statements: [
    `create table resources (
       organization text not null, kind text not null, name text not null, id text not null,
       generation integer not null, born integer not null, created integer not null, modified integer not null, document text not null,
       primary key (organization, kind, name)) without rowid`,
    `create table revisions (
       organization text not null, faas_id text not null, function_id text not null, created integer not null,
       document text not null, primary key (organization, faas_id)) without rowid`,
    `create table runs (
       organization text not null, id text not null, function_name text not null, function_id text not null,
       faas_id text not null, status text not null, blocking integer not null, executed integer not null,
       finished integer, input text, output text, error text, stdout text, stderr text, reason text, secrets text,
       tags text, http_context text, event text, attempt integer not null, parent text, depth integer not null,
       principal text not null, idempotency_key text)`,
    "create unique index runs_by_id on runs (organization, id)",
    "create index runs_by_function on runs (organization, function_name, executed desc)",
    "create index runs_by_time on runs (organization, executed desc)",
    "create index runs_unfinished on runs (organization) where finished is null",
    `create table jobs (
       organization text not null, id text not null, kind text not null, owner text not null,
       lease_until integer not null, fence integer not null, primary key (organization, id)) without rowid`,
    `create table idempotency (
       organization text not null, function_id text not null, key text not null, run_id text not null,
       created integer not null, primary key (organization, function_id, key)) without rowid`,
    "create index idempotency_by_age on idempotency (created)",
    `create table audit (
       organization text not null, sequence integer primary key autoincrement, time integer not null,
       principal text not null, via text not null, action text not null, kind text not null, name text not null,
       hash text not null)`,
    `create table changes (
       organization text not null, sequence integer primary key autoincrement, kind text not null, id text not null,
       generation integer not null)`,
    `create table settings (
       organization text not null, key text not null, value text not null, primary key (organization, key)) without rowid`,
  ],
};

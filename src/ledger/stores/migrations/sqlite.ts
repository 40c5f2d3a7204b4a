// The schema of a ledger in SQLite, one list of statements for each version: version n is reached from
// n − 1 by the n-th list. A list that was released is never edited. `user_version` of the file holds
// the version, `application_id` that it is a ledger at all.

/** "FLDG": what tells a ledger from other SQLite files. */
export const APPLICATION_ID = 0x464c4447;

/** Statements from each version to the next; the first make an empty ledger. */
export const SQLITE_MIGRATIONS: readonly (readonly string[])[] = [
  [
    `create table head (
      id integer primary key check (id = 1),
      entries integer not null,
      hash text not null,
      balances integer not null,
      sealed_through integer not null
    ) strict`,
    `insert into head values (1, 0, '${'0'.repeat(64)}', 0, -1)`,
    `create table entries (
      sequence integer primary key,
      key text not null unique,
      epoch integer not null,
      digest text not null,
      hash text not null,
      content text not null
    ) strict`,
    `create table balances (
      id integer primary key,
      account text not null,
      token text not null,
      units integer not null,
      lowest integer not null,
      unique (account, token)
    ) strict`,
    `create table postings (
      balance integer not null,
      sequence integer not null,
      units integer not null,
      after integer not null,
      primary key (balance, sequence)
    ) strict, without rowid`,
    `create table claims (
      key text primary key,
      token text not null,
      recipient text not null,
      claimed integer not null,
      queued integer not null,
      expired integer not null,
      paid integer not null,
      voided integer not null,
      tranches text not null
    ) strict, without rowid`,
    `create table claim_entries (
      claim text not null,
      sequence integer not null,
      primary key (claim, sequence)
    ) strict, without rowid`,
    `create table epochs (
      epoch integer primary key,
      first integer not null,
      last integer not null,
      transactions integer not null,
      root text
    ) strict`,
  ],
  [
    // Keys in a table of their own: written in their own order, a commit at a time, they take a third
    // of the time that an index takes which is written in the order of the log.
    `create table keys (
      key text primary key,
      sequence integer not null
    ) strict, without rowid`,
    `insert into keys select key, sequence from entries order by key`,
    `create table log (
      sequence integer primary key,
      key text not null,
      epoch integer not null,
      digest text not null,
      hash text not null,
      content text not null
    ) strict`,
    `insert into log select sequence, key, epoch, digest, hash, content from entries`,
    `drop table entries`,
    `alter table log rename to entries`,
  ],
];

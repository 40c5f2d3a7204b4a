// The schema of a ledger in PostgreSQL, one list of statements for each version: version n is reached
// from n − 1 by the n-th list. A list that was released is never edited. Texts that are sorted or
// compared have the collation "C", so that both stores sort alike.

/** Statements from each version to the next; the first make an empty ledger. */
export const POSTGRES_MIGRATIONS: readonly (readonly string[])[] = [
  [
    `create table head (
      id int primary key check (id = 1),
      entries bigint not null,
      hash text not null,
      balances bigint not null,
      sealed_through bigint not null
    )`,
    `insert into head values (1, 0, '${'0'.repeat(64)}', 0, -1)`,
    `create table entries (
      sequence bigint primary key,
      key text collate "C" not null unique,
      epoch bigint not null,
      digest text not null,
      hash text not null,
      content text not null
    )`,
    `create table balances (
      id bigint primary key,
      account text collate "C" not null,
      token text collate "C" not null,
      units bigint not null,
      lowest bigint not null,
      unique (account, token)
    )`,
    `create table postings (
      balance bigint not null,
      sequence bigint not null,
      units bigint not null,
      after bigint not null,
      primary key (balance, sequence)
    )`,
    `create table claims (
      key text collate "C" primary key,
      token text not null,
      recipient text not null,
      claimed bigint not null,
      queued bigint not null,
      expired bigint not null,
      paid bigint not null,
      voided bigint not null,
      tranches text not null
    )`,
    `create table claim_entries (
      claim text collate "C" not null,
      sequence bigint not null,
      primary key (claim, sequence)
    )`,
    `create table epochs (
      epoch bigint primary key,
      first bigint not null,
      last bigint not null,
      transactions bigint not null,
      root text
    )`,
  ],
];

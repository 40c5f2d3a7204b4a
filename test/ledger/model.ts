// A second, naive implementation of the ledger's rules, written from the specification and sharing
// no code with the engine: what a transaction should do to balances and claims, or null for a refusal.

import type { Transaction } from '../../src/ledger/transaction.js';

interface ModelClaim {
  recipient: string;
  token: string;
  claimed: bigint;
  queued: bigint;
  expired: bigint;
  paid: bigint;
  voided: bigint;
  /** One entry for each pending unit's moment: units by time. */
  pending: Map<number, bigint>;
}

export interface Model {
  readonly balances: Map<string, bigint>;
  readonly claims: Map<string, ModelClaim>;
}

export function emptyModel(): Model {
  return { balances: new Map(), claims: new Map() };
}

/** The model after a transaction, or null where it has to be refused. */
export function modelAfter(before: Model, { postings, claims = [], timeMs }: Transaction) {
  const model: Model = {
    balances: new Map(before.balances),
    claims: new Map(
      [...before.claims].map(([key, claim]) => [
        key,
        { ...claim, pending: new Map(claim.pending) },
      ]),
    ),
  };
  /** What must have moved, if the postings are right. */
  const moved = new Map<string, bigint>();
  const move = (account: string, units: bigint): void => {
    moved.set(account, (moved.get(account) ?? 0n) + units);
  };
  for (const effect of claims) {
    const claim = model.claims.get(effect.key);
    if (effect.effect === 'open') {
      if (claim !== undefined) return null;
      const { recipient, token, units } = effect;
      const none = { expired: 0n, paid: 0n, voided: 0n, pending: new Map<number, bigint>() };
      model.claims.set(effect.key, { recipient, token, claimed: units, queued: units, ...none });
      continue;
    }
    if (claim === undefined) return null;
    const waiting = `pending:${claim.recipient} ${claim.token}`;
    if (effect.effect === 'extend') {
      const old = [...claim.pending];
      claim.pending.clear();
      for (const [time, units] of old) add(claim.pending, Math.max(time, effect.matureAtMs), units);
    } else if (effect.effect === 'grant') {
      claim.queued -= effect.units;
      add(claim.pending, effect.matureAtMs, effect.units);
      move(waiting, effect.units);
    } else if (effect.effect === 'expire') {
      claim.queued -= effect.units;
      claim.expired += effect.units;
    } else {
      // Unit by unit: finalise the earliest that are mature, void the latest.
      const isVoid = effect.effect === 'void';
      for (let unit = 0n; unit < effect.units; unit++) {
        const times = [...claim.pending.keys()].sort((a, b) => a - b);
        const time = isVoid ? times.at(-1) : times[0];
        if (time === undefined || (!isVoid && time > timeMs)) return null;
        add(claim.pending, time, -1n);
        if (claim.pending.get(time) === 0n) claim.pending.delete(time);
      }
      if (isVoid) claim.voided += effect.units;
      else claim.paid += effect.units;
      move(waiting, -effect.units);
      move(`${isVoid ? effect.to : claim.recipient} ${claim.token}`, effect.units);
    }
    if (claim.queued < 0n) return null;
  }
  const posted = new Map(postings.map((each) => [`${each.account} ${each.token}`, each.units]));
  for (const [name, units] of moved) if ((posted.get(name) ?? 0n) !== units) return null;
  for (const [name, units] of posted) {
    if (name.startsWith('pending:') && (moved.get(name) ?? 0n) !== units) return null;
    const after = (model.balances.get(name) ?? 0n) + units;
    if (after < 0n && !name.startsWith('source:')) return null;
    model.balances.set(name, after);
  }
  return model;
}

function add(map: Map<number, bigint>, time: number, units: bigint): void {
  map.set(time, (map.get(time) ?? 0n) + units);
}

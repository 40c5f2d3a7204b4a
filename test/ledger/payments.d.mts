// Types of payments.mjs.
import type { Transaction } from '../../src/ledger/transaction.js';

export const PAYMENT: bigint;
export const RECIPIENTS: number;
export function recipientOf(number: number): string;
export function claimTransaction(number: number): Transaction;
export function budgetTransaction(units: bigint): Transaction;

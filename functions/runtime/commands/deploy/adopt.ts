import * as z from "zod";
import { ADOPTABLE } from "./adoptable.ts";
import type { Context } from "./context.ts";
import type { Change, Terraform } from "./terraform.ts";

const listed = z.array(z.record(z.string(), z.unknown()));

interface Adopted {
  readonly address: string;
  readonly id: string;
}

/** Which of the things that a plan would make are there already. */
export const adoptable = async (context: Context, changes: readonly Change[]): Promise<readonly Adopted[]> => {
  const made = changes.filter(({ change }) => change.actions.length === 1 && change.actions[0] === "create");
  const types = Object.entries(ADOPTABLE).filter(([type]) => made.some((one) => one.type === type));
  const found = await Promise.all(
    types.map(async ([type, { list, idOf }]) => {
      // A service that is not switched on yet holds nothing.
      const answer = await context.gcloud.ask(listed, ...list(context));
      const there = answer.ok ? answer.value : [];
      return made
        .filter((one) => one.type === type)
        .flatMap(({ address, change }) => {
          const ids = there.map((one) => idOf(one, change.after ?? {})).filter((id) => id !== null);
          return ids[0] === undefined ? [] : [{ address, id: ids[0] }];
        });
    }),
  );
  return found.flat();
};

/** What belongs to a database. Another database has its own, and the former one keeps its own. */
const OF_THE_DATABASE = /^google_firestore_/;

/**
 * When `firestore_database` names another database than before, lets the former one go, with its indexes and backups,
 * so that Terraform neither deletes nor changes any of it. Returns its name.
 */
export const letFormerDatabaseGo = async (
  { installation }: Pick<Context, "installation">,
  terraform: Terraform,
): Promise<string | null> => {
  const resources = await terraform.resources();
  const former = resources.find(({ address }) => address === "google_firestore_database.records")?.values.name;
  if (former === undefined || former === installation.database) return null;
  await terraform.forget(resources.filter(({ type }) => OF_THE_DATABASE.test(type)).map(({ address }) => address));
  return String(former);
};

/** What holds data that nobody could make again. */
const HOLDS_DATA: readonly string[] = [
  "google_firestore_database",
  "google_secret_manager_secret",
  "google_storage_bucket",
];

/** Addresses that a plan would delete or replace although they hold data. */
export const endangered = (changes: readonly Change[]): readonly string[] =>
  changes
    .filter(({ type, change }) => HOLDS_DATA.includes(type) && change.actions.includes("delete"))
    .map(({ address }) => address);

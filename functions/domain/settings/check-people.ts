import { isSharedDomain, loadPublicSuffixes } from "../access/shared-domain.ts";
import { parseAddressOrDomain } from "../address.ts";
import { fieldProblem, jsonPointer } from "../field-problems.ts";
import type { FieldProblem } from "../problem.ts";

const LISTS = ["operators", "members", "callers"] as const;

interface Entry {
  readonly path: string;
  /** Folded; null if it is neither an address nor a domain. */
  readonly entry: string | null;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const entriesIn = (patch: unknown, list: string): readonly Entry[] => {
  const entries: unknown = isObject(patch) && Object.hasOwn(patch, list) ? patch[list] : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.map((entry: unknown, at) => ({
    path: jsonPointer([list, at]),
    entry: typeof entry === "string" ? parseAddressOrDomain(entry) : null,
  }));
};

/**
 * Finds invalid entries in the lists of a patch, such as a shared domain, which would let in anyone. Lists that the
 * patch does not change are not checked, so that an entry of an earlier release does not block other changes.
 */
export const checkPeople = async (patch: unknown): Promise<readonly FieldProblem[]> => {
  const entries = LISTS.flatMap((list) => entriesIn(patch, list));
  if (!entries.some(({ entry }) => entry?.startsWith("@") === true)) return [];
  const isPublicSuffix = await loadPublicSuffixes();
  return entries.flatMap(({ path, entry }) => {
    if (entry === null) return [fieldProblem(path, "not_address_or_domain")];
    return entry.startsWith("@") && isSharedDomain(entry, isPublicSuffix) ? [fieldProblem(path, "shared_domain")] : [];
  });
};

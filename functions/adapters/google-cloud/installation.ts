/** Firestore's name for the database of a project that has only one. */
export const DEFAULT_DATABASE = "(default)";

/**
 * The name of a topic or secret in the project. The prefix keeps installations in one project apart; empty means none.
 * Terraform gives the same names (infra/names.tf).
 */
export const nameInProject = (prefix: string, name: string): string => (prefix === "" ? name : `${prefix}-${name}`);

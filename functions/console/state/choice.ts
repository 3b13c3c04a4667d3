/** What a person has chosen in this browser. Storage may be forbidden: a choice then holds for one visit. */

export const keptChoice = (name: string): string | null => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};

export const keepChoice = (name: string, choice: string): void => {
  try {
    localStorage.setItem(name, choice);
  } catch {
    // The choice still applies to this page.
  }
};

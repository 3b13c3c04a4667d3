type Calls = (...parts: string[]) => readonly string[];

/** What anyone's page at a path reads first besides what all pages do. */
const OF_PAGES: readonly (readonly [RegExp, Calls])[] = [
  [/^\/$/, () => ["queued", "held", "deferred"].map((status) => `/v1/messages?status=${status}&limit=50`)],
  [/^\/messages$/, () => ["/v1/messages?limit=100"]],
  [/^\/messages\/(msg_[\w-]+)$/, (id) => [`/v1/messages/${id}`]],
  [/^\/servers\/(srv_[\w-]+)(?:\/\w+)?$/, (id) => [`/v1/mail-servers/${id}`]],
];

const OF_OPERATORS: readonly (readonly [RegExp, Calls])[] = [
  [/^/, () => ["/v1/settings"]],
  [/^\/$/, () => ["/v1/messages?status=unknown&limit=10", "/v1/messages?limit=10"]],
  [/^\/(?:settings|setup)$/, () => ["/v1/settings/gmail-credentials"]],
  [/^\/(?:keys|setup)?$/, () => ["/v1/keys?limit=200"]],
];

/**
 * The calls that a page is known to make at once, so that they can be made before its script is there. One that it does
 * not make is only wasted, and one that is missing here is made later; a test sees that neither is so.
 */
export const dataAt = (
  { pathname, search }: { readonly pathname: string; readonly search: string },
  operator: boolean,
): readonly string[] => {
  // A list that is narrowed by the address asks for something else.
  const known = pathname === "/messages" && search !== "" ? [] : OF_PAGES;
  const calls = [...known, ...(operator ? OF_OPERATORS : [])].flatMap(([path, make]) => {
    const parts = path.exec(pathname);
    return parts === null ? [] : make(...parts.slice(1));
  });
  return ["/v1/mail-servers?limit=200", ...calls];
};

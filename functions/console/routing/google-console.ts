/** Deep links into Google's console (console.cloud.google.com), including the project if it is known. */

/** A client ID begins with its project's number: `123456789012-abc….apps.googleusercontent.com`. */
export const projectOf = (clientId: string | null): string | null => /^(\d{6,})-/.exec(clientId ?? "")?.[1] ?? null;

/** Google accepts neither an IP address nor `localhost` as an authorized domain. */
export const isDomain = (hostname: string): boolean => hostname.includes(".") && !/^[\d.]+$/.test(hostname);

const PAGES = {
  newProject: "/projectcreate",
  gmailApi: "/apis/library/gmail.googleapis.com",
  branding: "/auth/branding",
  audience: "/auth/audience",
  clients: "/auth/clients",
  newClient: "/auth/clients/create",
} as const;

export const googleConsole = (page: keyof typeof PAGES, project: string | null): string => {
  const url = new URL(PAGES[page], "https://console.cloud.google.com");
  if (project !== null && page !== "newProject") url.searchParams.set("project", project);
  return url.href;
};

import type { Page } from "playwright-core";

interface Choices {
  /** The account to choose on Google's page. */
  readonly account: string;
  /** Leave the Gmail permission unticked. */
  readonly untick?: true;
}

/** Walks through the sandbox's consent as a person does: account, "app not verified" where it shows, permissions. */
export const consentOnPage = async (page: Page, { account, untick }: Choices): Promise<void> => {
  const step = page.locator("body[data-step]");
  await page.getByRole("button", { name: account, exact: true }).click();
  await page.locator('body:not([data-step="account"])').waitFor();
  if ((await step.getAttribute("data-step")) === "unverified") {
    await page.getByRole("button", { name: "Continue" }).click();
    await page.locator('body[data-step="scopes"]').waitFor();
  }
  if (untick) await page.getByRole("checkbox").first().uncheck();
  await page.getByRole("button", { name: "Allow" }).click();
};

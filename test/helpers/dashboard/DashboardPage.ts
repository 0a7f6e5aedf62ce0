import type { Browser, Page } from "playwright-core";

/** Where the page is opened. */
export interface DashboardOptions {
  readonly path?: string;
  readonly width?: number;
  readonly height?: number;
  readonly prepare?: (page: Page) => Promise<void>;
}

/** The keeper's page in a window of its own, and what went wrong in it. */
export class DashboardPage {
  readonly page: Page;
  /** Errors on the console, thrown ones, and dialogs. */
  readonly complaints: string[] = [];
  /** Requests to anybody but the keeper. */
  readonly foreign: string[] = [];

  private constructor(page: Page, url: string) {
    this.page = page;
    page.on("console", (message) => {
      // That nothing is proven while the books differ is told with a status.
      const isRefusal = /Failed to load resource.*(503|net::ERR)/.test(message.text());
      if (message.type() === "error" && !isRefusal) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("dialog", (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) this.foreign.push(request.url());
    });
  }

  /**
   * @param path what follows the keeper's URL, such as `/#accounts`
   * @param prepare done with the window before anything is shown in it
   */
  static async open(
    browser: Browser,
    url: string,
    { path = "/", width = 1_300, height = 900, prepare }: DashboardOptions = {},
  ): Promise<DashboardPage> {
    const context = await browser.newContext({ viewport: { width, height }, reducedMotion: "reduce" });
    const dashboard = new DashboardPage(await context.newPage(), url);
    await prepare?.(dashboard.page);
    await dashboard.page.goto(`${url}${path}`);
    return dashboard;
  }

  /** Elements of the whole page. */
  async elementCount(): Promise<number> {
    return this.page.locator("*").count();
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

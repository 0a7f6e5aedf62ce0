// Ponder wants an endpoint; this one tells the sum of all balances.
import { Hono } from "hono";
import { sum } from "ponder";
import { db } from "ponder:api";
import { account } from "ponder:schema";

const app = new Hono();
app.get("/total", async (context) => {
  const [row] = await db.select({ total: sum(account.quote) }).from(account);
  return context.json(row);
});

// eslint-disable-next-line import-x/no-default-export -- where ponder looks for it
export default app;

// A reader's and a writer's way through the portal, by the client that its OpenAPI document makes.
import createClient from "openapi-fetch";

import type { components, paths } from "./gateway.js";

declare const process: { argv: string[] };

const { GET, POST } = createClient<paths>({ baseUrl: process.argv[2]! });

function given<T>(answer: { data?: T; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.url}: ${answer.response.status}`);
  return answer.data;
}

const home = given(await GET("/api/v1/home"));
const card: components["schemas"]["CardView"] = home.news[0]!;
const column = given(await GET("/api/v1/columns/{path}", { params: { path: { path: card.column.path! } } }));
const item = given(await GET("/api/v1/items/{id}", { params: { path: { id: column.items.items[0]!.id } } }));
if (item.column.path !== column.path) throw new Error(`${item.id} stands in ${item.column.path}, not in ${column.path}`);

const letter: components["schemas"]["NewLetter"] = {
  kind: "consultation",
  mailbox: "finance",
  title: "发票怎么开",
  text: "请问电子发票在哪里开具？",
  contact: { name: "王女士", phone: "13800000000" },
  consent: true,
};
const sent = given(await POST("/api/v1/letters", { body: letter }));
const own = given(
  await POST("/api/v1/letters/{receipt}/status", {
    params: { path: { receipt: sent.receipt } },
    body: { code: sent.code },
  }),
);
if (own.title !== letter.title) throw new Error(`${sent.receipt} is another letter: ${own.title}`);

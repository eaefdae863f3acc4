// SPDX-License-Identifier: MIT
// A server of GraphQL subscriptions on graphql-ws and ws.

import { createRequire } from "node:module";

const load = createRequire(import.meta.url);
const { buildSchema } = load("graphql");
const { useServer } = load("graphql-ws/use/ws");
const { WebSocketServer } = load("ws");

const schema = buildSchema(`
    type Query { same(text: String!): String! }
    type Subscription { count(to: Int!): Int!, forever: Int! }
`);
const roots = {
    query: { same: ({ text }) => text },
    subscription: {
        async *count({ to }) {
            for (let count = 1; count <= to; count++) yield { count };
        },
        async *forever() {
            for (let forever = 1; ; forever++) {
                yield { forever };
                await new Promise(setImmediate);
            }
        },
    },
};

const server = new WebSocketServer({
    host: "127.0.0.1", port: 0, perMessageDeflate: { threshold: 100 },
});
useServer({ schema, roots }, server);
server.on("listening", () => console.log(`listening on 127.0.0.1:${server.address().port}`));

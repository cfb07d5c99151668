// What follows vite build: the compressed form of each file, the operations that the server has to know, and the
// limit of what a browser loads before it shows something.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = new URL("../../dist/", import.meta.url).pathname;
const mostAtFirst = 180_000;

const operations = JSON.parse(readFileSync(new URL("../src/gql/persisted-documents.json", import.meta.url)));
writeFileSync(join(dist, "operations.json"), JSON.stringify(operations, null, 1) + "\n");

const brotli = (text) =>
  brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
    },
  });

const sizes = {};
for (const name of readdirSync(dist, { recursive: true })) {
  // index.html gets a nonce with each answer, and fonts are compressed already.
  if (!/\.(js|css|svg)$/.test(name)) continue;
  const text = readFileSync(join(dist, name));
  const small = brotli(text);
  sizes["/" + name] = small.length;
  writeFileSync(join(dist, name + ".br"), small);
  writeFileSync(join(dist, name + ".gz"), gzipSync(text, { level: 9 }));
}

const page = readFileSync(join(dist, "index.html"), "utf8");
const first = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.(?:js|css))"/g)].map(([, path]) => path);
const sum = first.reduce((total, path) => total + sizes[path], 0);
console.log(
  `${first.length} files and ${sum} bytes of JavaScript and CSS (brotli) at first; ${mostAtFirst} are allowed`,
);
if (!first.length || sum > mostAtFirst) process.exit(1);

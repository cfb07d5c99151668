// The client preset: a typed document for each .graphql file, and the list of all of them by their SHA-256, which the
// server knows from its start.
import { createHash } from "node:crypto";
import { visit, Kind } from "graphql";

// The cache needs __typename of every object, so that it is in the documents; the one of a subscription itself would be
// a second root field, which is not allowed.
const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };
const withTypename = (document) =>
  visit(document, {
    SelectionSet: (set, _key, parent) =>
      parent?.kind === Kind.OPERATION_DEFINITION ? undefined : { ...set, selections: [typename, ...set.selections] },
  });

export default {
  schema: "../../../schema.graphql",
  documents: "src/**/*.graphql",
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: {
        fragmentMasking: false,
        persistedDocuments: { hashAlgorithm: (text) => createHash("sha256").update(text).digest("hex") },
      },
      documentTransforms: [
        {
          transform: ({ documents }) =>
            documents.map((d) => (d.document ? { ...d, document: withTypename(d.document) } : d)),
        },
      ],
      config: {
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
        scalars: { ID: "string", DateTime: "string", Date: "string", Upload: "File" },
      },
    },
  },
};

import { useEffect, useState } from "react";
import { useQuery } from "urql";
import { ReadingsDocument, type JobFragment, type ReadingFragment } from "../../gql/graphql";
import { kept } from "./files";
import { readHeaders } from "./recognize";
import { mayBeReadAgain } from "./state";

/**
 * useReadings are the headers of a job's file, and as which columns they are read. The server does not keep the first
 * line of a file in which it understands nearly nothing, as it may hold somebody's data; this page looks into the file
 * itself.
 */
export function useReadings(job: JobFragment): readonly ReadingFragment[] {
  const detected = job.detected?.columns ?? [];
  const file = !detected.length && mayBeReadAgain(job) ? kept(job.id)?.file : undefined;
  const [headers, setHeaders] = useState<string[]>([]);
  useEffect(() => {
    if (file) void readHeaders(file).then(setHeaders, () => {});
  }, [file]);
  const [{ data }] = useQuery({
    query: ReadingsDocument,
    variables: { kind: job.kind, headers },
    pause: !file || !headers.length,
  });
  return detected.length ? detected : (data?.importMapping?.columns ?? []);
}

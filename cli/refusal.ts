import { z } from 'zod'

const Problem = z.object({ detail: z.string() })

/** What a server that refused says, in its own sentence; whatever else came (a proxy's page) as it is. */
export async function refusal(from: string, response: Response): Promise<string> {
  const text = await response.text()
  return `${from} answered ${response.status}: ${detailOf(text) ?? text}`
}

function detailOf(text: string): string | undefined {
  try {
    return Problem.safeParse(JSON.parse(text)).data?.detail
  } catch {
    // Not JSON: no problem of ours.
    return undefined
  }
}

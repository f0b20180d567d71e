import type { Json } from '../core/json.ts'
import type { Tool } from '../core/tool.ts'

/** Checks a tool against its own schemas' types, and gives it the type under which a catalog holds all tools. */
export function defineTool<Input, Output extends Json>(tool: Tool<Input, Output>): Tool {
  return tool
}

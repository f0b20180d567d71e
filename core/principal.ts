/** Each role may what the one before it may, and more. */
export const ROLES = ['viewer', 'operator', 'approver', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** Who asks, and for which team. */
export interface Principal {
  name: string
  team: string
  role: Role
}

/** Who acts when no key is configured and only this machine can reach the platform. */
export const LOCAL: Principal = { name: 'local', team: 'default', role: 'admin' }

/** What the platform does by itself. */
export const PLATFORM: Principal = { name: 'platform', team: 'default', role: 'admin' }

export function mayAct(principal: Principal, role: Role): boolean {
  return ROLES.indexOf(principal.role) >= ROLES.indexOf(role)
}

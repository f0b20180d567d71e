/** The machines in front of devices, whose addresses somebody gave us. */
export interface Gateways {
  /** Throws `tool.address_refused` for where no gateway may be. */
  admit(gateway: string): void
  /** What a device shows now. Throws when its gateway does not answer with a picture's bytes. */
  screenshot(device: { id: string; gateway: string }, signal: AbortSignal): Promise<Uint8Array>
}

export const AWKWARD = { name: 'awkward', options: { cores: '1', memory: '512' } }
export async function awkwardLoads() {}

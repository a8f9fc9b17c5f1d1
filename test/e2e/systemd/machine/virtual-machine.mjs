export class VirtualMachine {}

.code32
.globl _start
.set BASE, 0x100000
head:
  .long 0x1badb002, 0x00010000, -(0x1badb002+0x00010000)
  .long BASE, BASE, BASE + (end - head), BASE + (end - head), BASE + (_start - head)
_start:
  cli
  cld
  xor %eax, %eax
  mov $0x200000, %edi
  mov %edi, %cr3
  mov $0xc00, %ecx
  rep stosl
  movl $0x201003, 0x200000
  movl $0x202003, 0x201000
  movl $0x000083, 0x202000
  mov %cr4, %eax
  or $0x20, %eax
  mov %eax, %cr4
  mov $0xc0000080, %ecx
  rdmsr
  or $0x100, %eax
  wrmsr
  mov %cr0, %eax
  or $0x80000000, %eax
  mov %eax, %cr0
  lgdt BASE + (gdtr - head)
  ljmp $8, $(BASE + (long - head))
.code64
long:
  mov $1000000, %rcx
1: dec %rcx
  jnz 1b
  mov $42, %al
  out %al, $0xf4
2: hlt
  jmp 2b
.balign 8
gdt: .quad 0, 0x00209a0000000000
gdtr: .word 15
  .long BASE + (gdt - head)
end:

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The cheat codes of Hardhat's Solidity test runner that these tests use.
interface Vm {
    function addr(uint256 privateKey) external pure returns (address);
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function roll(uint256 number) external;
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @dev Prints in the runner's output, as Hardhat's `console.sol`.
address constant CONSOLE = 0x000000000000000000636F6e736F6c652e6c6f67;

function logLine(string memory text) view {
    (bool ignored, ) = CONSOLE.staticcall(abi.encodeWithSignature("log(string)", text));
    ignored;
}

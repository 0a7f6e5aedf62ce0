// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
contract Probe {
    uint256 public x;
    int256 transient t;
    function f(bytes32 r, bytes memory k, bytes[] memory p) external pure returns (bytes memory) { return TrieProof.traverse(r, k, p); }
    function g() external { t += 1; x = uint256(t); }
}
